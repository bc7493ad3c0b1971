from gitops import application


@application
def tabs(env):
	x = 1
        return []
