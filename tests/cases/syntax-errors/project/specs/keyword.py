from gitops import application

class = 1
