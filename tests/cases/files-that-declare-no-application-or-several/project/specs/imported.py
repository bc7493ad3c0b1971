from gitops import application
from specs.one import one
