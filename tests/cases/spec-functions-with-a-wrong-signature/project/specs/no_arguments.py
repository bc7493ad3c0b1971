from gitops import application


@application
def no_arguments():
    return []
