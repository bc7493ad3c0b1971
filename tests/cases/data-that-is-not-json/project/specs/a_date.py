from datetime import date

from gitops import Manifest, application


@application
def a_date(env):
    return [Manifest(api_version="v1", kind="ConfigMap", name="a-date", fields={"data": {"day": date(2026, 1, 2)}})]
