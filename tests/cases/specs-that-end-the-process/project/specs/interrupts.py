import asyncio

from gitops import application


@application
def interrupts(env):
    raise asyncio.CancelledError
