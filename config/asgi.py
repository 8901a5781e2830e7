"""The site as one ASGI application: pages, sockets and its own start and end."""

import os

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_asgi_application()

# These need the applications that the line above has loaded.
from config.lifespan import lifespan  # noqa: E402
from config.sockets import sockets  # noqa: E402

application = ProtocolTypeRouter({"http": pages, "websocket": sockets, "lifespan": lifespan})
