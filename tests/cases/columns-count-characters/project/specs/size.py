from gitops import ServiceAccount, application


@application
def size(env):
	größe = "äöü"; return [ServiceAccount(labels={"größe": größe}, nam="x")]
