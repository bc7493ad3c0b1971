from gitops import application


@application
async def asynchronous(env):
    return []
