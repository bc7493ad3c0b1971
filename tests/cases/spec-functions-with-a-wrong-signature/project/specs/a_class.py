from gitops import application


@application
class AClass:
    pass
