from pathlib import Path

from gitops import application
from specs._helpers import config


@application
def table(env):
    text = Path(__file__).with_name("table.csv").read_text()
    return [config("table", {"table.csv": text})]
