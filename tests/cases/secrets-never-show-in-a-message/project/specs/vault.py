from pydantic import SecretStr

from gitops import Values, application


class VaultValues(Values):
    password: SecretStr = SecretStr("")


@application
def vault(env, values: VaultValues):
    raise ValueError(f"not {values.password}")
