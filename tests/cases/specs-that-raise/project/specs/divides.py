from gitops import application


@application
def divides(env):
    replicas = 1 / 0
    return [replicas]
