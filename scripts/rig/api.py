"""Home Assistant's REST and websocket interfaces, as far as the rig uses them."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
import time
from typing import Any

import aiohttp

from .websocket import ApiError, EventQueue, HassSocket, Json

RENEW_BEFORE_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a log-in gives, with the moment (Unix time) at which it expires."""

    answer: Json
    expires: float

    @property
    def access(self) -> str:
        """Return the bearer token."""
        return str(self.answer["access_token"])


class HassApi:
    """One logged-in user's view of a running Home Assistant."""

    def __init__(self, url: str) -> None:
        """Talk to the server at this URL."""
        self.url = url
        self.client_id = f"{url}/"
        self._session = aiohttp.ClientSession(base_url=url)
        self._tokens: Tokens | None = None
        self._socket: HassSocket | None = None

    async def close(self) -> None:
        """Close all connections."""
        if self._socket is not None:
            await self._socket.close()
            self._socket = None
        await self._session.close()

    async def answers(self) -> bool:
        """Return whether the server can log somebody in by now."""
        try:
            async with self._session.get("/auth/providers") as response:
                # 400 until the first user exists.
                return response.status in {200, 400}
        except aiohttp.ClientError:
            return False

    async def create_owner(self, name: str, username: str, password: str) -> None:
        """Make the first user, as the onboarding page does."""
        await self._send(
            "POST",
            "/api/onboarding/users",
            json={
                "client_id": self.client_id,
                "name": name,
                "username": username,
                "password": password,
                "language": "en",
            },
        )

    async def log_in(self, username: str, password: str) -> None:
        """Log in as the frontend's log-in page does."""
        start = await self._send(
            "POST",
            "/auth/login_flow",
            json={
                "client_id": self.client_id,
                "handler": ["homeassistant", None],
                "redirect_uri": self.client_id,
            },
        )
        result = await self._send(
            "POST",
            f"/auth/login_flow/{start['flow_id']}",
            json={
                "client_id": self.client_id,
                "username": username,
                "password": password,
            },
        )
        if result["type"] != "create_entry":
            raise ApiError(f"log-in refused: {result.get('errors')}")
        await self._take_tokens(
            {"grant_type": "authorization_code", "code": result["result"]}
        )

    async def frontend_tokens(self) -> Json:
        """Return what the frontend keeps under `hassTokens` in localStorage."""
        tokens = await self._fresh_tokens()
        return {
            **tokens.answer,
            "hassUrl": self.url,
            "clientId": self.client_id,
            "expires": int(tokens.expires * 1000),
        }

    async def get(self, path: str) -> Any:
        """GET a path below /api/."""
        return await self._request("GET", path)

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """POST to a path below /api/."""
        return await self._request("POST", path, dict(body or {}))

    async def delete(self, path: str) -> Any:
        """DELETE a path below /api/."""
        return await self._request("DELETE", path)

    async def states(self) -> dict[str, Json]:
        """Return all states by entity id."""
        return {state["entity_id"]: state for state in await self.get("states")}

    async def call_service(self, domain: str, service: str, **data: Any) -> None:
        """Perform an action."""
        await self.post(f"services/{domain}/{service}", data)

    async def start_flow(self, handler: str, choice: str = "miner") -> Json:
        """Start a config flow as a user does, who chooses from its menu."""
        body = {"handler": handler, "show_advanced_options": False}
        flow: Json = await self.post("config/config_entries/flow", body)
        if flow["type"] != "menu":
            return flow
        return await self.continue_flow(flow["flow_id"], {"next_step_id": choice})

    async def continue_flow(self, flow_id: str, data: Mapping[str, Any]) -> Json:
        """Submit a form of a config flow."""
        flow: Json = await self.post(f"config/config_entries/flow/{flow_id}", data)
        return flow

    async def abort_flow(self, flow_id: str) -> None:
        """Close the dialog of a config flow."""
        await self.delete(f"config/config_entries/flow/{flow_id}")

    async def entries(self, domain: str) -> list[Json]:
        """Return the config entries of an integration."""
        found: list[Json] = await self.command("config_entries/get", domain=domain)
        return found

    async def devices(self, entry_id: str) -> list[Json]:
        """Return the devices of a config entry."""
        return [
            device
            for device in await self.command("config/device_registry/list")
            if entry_id in device["config_entries"]
        ]

    async def entities(self, platform: str) -> list[Json]:
        """Return the registry entries of an integration's entities."""
        return [
            entity
            for entity in await self.command("config/entity_registry/list")
            if entity["platform"] == platform
        ]

    async def command(self, kind: str, **fields: Any) -> Any:
        """Send a websocket command and return its result."""
        return await (await self._open_socket()).command(kind, **fields)

    @asynccontextmanager
    async def subscribe(self, kind: str, **fields: Any) -> AsyncIterator[EventQueue]:
        """Subscribe by a websocket command; the queue gets each event."""
        connection = await self._open_socket()
        number, queue = await connection.subscribe(kind, **fields)
        try:
            yield queue
        finally:
            await connection.unsubscribe(number)

    async def _open_socket(self) -> HassSocket:
        """Return the open websocket, opened and logged in when needed."""
        if self._socket is None or self._socket.closed:
            tokens = await self._fresh_tokens()
            connection = await self._session.ws_connect(
                "/api/websocket", max_msg_size=0
            )
            self._socket = HassSocket(connection)
            await self._socket.log_in(tokens.access)
        return self._socket

    async def _request(self, method: str, path: str, body: Json | None = None) -> Any:
        """Make a request as the logged-in user."""
        tokens = await self._fresh_tokens()
        headers = {"Authorization": f"Bearer {tokens.access}"}
        return await self._send(method, f"/api/{path}", headers=headers, json=body)

    async def _send(self, method: str, path: str, **arguments: Any) -> Any:
        """Make a request and return the JSON of a good answer."""
        async with self._session.request(method, path, **arguments) as response:
            if response.status >= 400:
                text = await response.text()
                raise ApiError(f"{method} {path}: {response.status} {text}")
            return await response.json()

    async def _take_tokens(self, grant: Json) -> Tokens:
        """Trade a grant for tokens."""
        data = {**grant, "client_id": self.client_id}
        answer = await self._send("POST", "/auth/token", data=data)
        kept = self._tokens.answer if self._tokens else {}
        self._tokens = Tokens(
            answer={**kept, **answer}, expires=time.time() + answer["expires_in"]
        )
        return self._tokens

    async def _fresh_tokens(self) -> Tokens:
        """Return tokens that are good for a while yet."""
        if self._tokens is None:
            raise ApiError("nobody is logged in")
        if self._tokens.expires - time.time() > RENEW_BEFORE_SECONDS:
            return self._tokens
        refresh = self._tokens.answer["refresh_token"]
        return await self._take_tokens(
            {"grant_type": "refresh_token", "refresh_token": refresh}
        )
