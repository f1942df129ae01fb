"""Asking again for a password or a one-time code of a known miner."""

from collections.abc import Mapping
from dataclasses import replace
import re
from typing import Any, override

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import (
    CONF_CODE,
    CONF_HOST,
    CONF_PASSWORD,
    CONF_PORT,
    CONF_USERNAME,
)
from homeassistant.core import callback
from homeassistant.helpers.selector import (
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..const import CONF_SESSION
from ..coordinator import MinerConfigEntry
from ..miners import (
    Credentials,
    MinerAuthError,
    MinerBusyError,
    MinerClient,
    MinerCommandError,
    MinerError,
    MinerResponseError,
    MinerStrangerError,
    create_client,
)
from ..runtime.entries import (
    NEEDS_CODE,
    address_text,
    async_is_ours,
    endpoint_at,
    known_identity,
    moved_data,
    stored_credentials,
    trusted_address,
)
from ..runtime.escape import for_markdown
from ..runtime.session import async_get_session
from .probe import (
    LOCKED,
    error_key,
)


def _field(kind: TextSelectorType, autocomplete: str) -> TextSelector:
    return TextSelector(TextSelectorConfig(type=kind, autocomplete=autocomplete))


LOGIN_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_USERNAME): _field(TextSelectorType.TEXT, "username"),
        vol.Required(CONF_PASSWORD): _field(
            TextSelectorType.PASSWORD, "current-password"
        ),
    }
)
CODE_SCHEMA = vol.Schema(
    {vol.Required(CONF_CODE): _field(TextSelectorType.TEXT, "one-time-code")}
)


def with_login(credentials: Credentials, user_input: Mapping[str, Any]) -> Credentials:
    """Return credentials with the user name and the password of a form."""
    return replace(
        credentials,
        username=user_input.get(CONF_USERNAME, ""),
        password=user_input[CONF_PASSWORD],
    )


class ReauthSteps(ConfigFlow):
    """The steps in which a known miner gets a new password or a new session.

    All texts of the flow are Markdown: names and addresses in them are escaped.
    """

    _new_address: tuple[str, int] | None = None
    """An address that the user has not confirmed, if it is one."""

    @override
    @callback
    def async_show_form(
        self,
        *,
        description_placeholders: Mapping[str, str] | None = None,
        **form: Any,
    ) -> ConfigFlowResult:
        """Show a form with names and addresses escaped."""
        return super().async_show_form(
            description_placeholders=for_markdown(description_placeholders or {}),
            **form,
        )

    @override
    @callback
    def async_abort(
        self,
        *,
        description_placeholders: Mapping[str, str] | None = None,
        **end: Any,
    ) -> ConfigFlowResult:
        """End with names and addresses escaped."""
        return super().async_abort(
            description_placeholders=for_markdown(description_placeholders or {}), **end
        )

    @property
    def _known(self) -> MinerConfigEntry:
        """The entry whose miner is asked for."""
        return self._get_reauth_entry()

    @property
    def _asked(self) -> tuple[str, int]:
        """The address at which the miner is asked."""
        data = self._known.data
        return self._new_address or (data[CONF_HOST], data[CONF_PORT])

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask for a password or a code, but first whether an address is right."""
        data = {**self._known.data, **entry_data}
        at = data[CONF_HOST], data[CONF_PORT]
        if trusted_address(self._known) != address_text(*at):
            self._new_address = at
            return await self.async_step_new_address()
        if entry_data.get(NEEDS_CODE):
            return await self.async_step_one_time_code()
        return await self.async_step_reauth_confirm()

    async def async_step_new_address(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let the user confirm an address, then show there what is stored."""
        errors: dict[str, str] = {}
        if user_input is not None:
            found = await self._async_prove(stored_credentials(self._known))
            if not isinstance(found, MinerError):
                return self._done({})
            if isinstance(found, MinerAuthError):
                return await self.async_step_reauth_confirm()
            errors["base"] = _key(found)
        return self._show(
            "new_address",
            vol.Schema({}),
            errors,
            host=address_text(*self._asked),
            known=trusted_address(self._known),
        )

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a new password, once the miner has taken it."""
        credentials = stored_credentials(self._known)
        errors: dict[str, str] = {}
        if user_input is not None:
            credentials = with_login(credentials, user_input)
            found = await self._async_prove(credentials)
            if not isinstance(found, MinerError):
                login = {
                    CONF_USERNAME: credentials.username,
                    CONF_PASSWORD: credentials.password,
                }
                return self._done(login)
            errors["base"] = login_error(_key(found))
        schema = self.add_suggested_values_to_schema(
            LOGIN_SCHEMA, {CONF_USERNAME: credentials.username}
        )
        return self._show("reauth_confirm", schema, errors)

    async def async_step_one_time_code(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Trade a code for a session, with the right miner."""
        errors: dict[str, str] = {}
        if user_input is not None:
            outcome = await self._async_trade(user_input[CONF_CODE])
            if isinstance(outcome, Credentials):
                return self._done({CONF_SESSION: outcome.session})
            if outcome == LOCKED:
                return await self.async_step_reauth_confirm()
            errors[CONF_CODE] = outcome
        return self._show("one_time_code", CODE_SCHEMA, errors)

    def _show(
        self, step: str, schema: vol.Schema, errors: dict[str, str], **names: str
    ) -> ConfigFlowResult:
        return self.async_show_form(
            step_id=step,
            data_schema=schema,
            description_placeholders={"name": self._known.title, **names},
            errors=errors,
        )

    def _done(self, updates: Mapping[str, Any]) -> ConfigFlowResult:
        """Store what the miner has taken, and that the user sent it there."""
        data = moved_data(
            self._known, *self._asked, confirmed=self._new_address is not None
        )
        return self.async_update_reload_and_abort(self._known, data={**data, **updates})

    async def _async_trade(self, text: str) -> Credentials | str:
        """Return credentials with a new session, or the key of the error to show."""
        code = "".join(text.split())
        # A few wrong codes lock the miner: what cannot be one is not sent.
        if not re.fullmatch(r"[0-9]{6}", code):
            return "invalid_code"
        credentials = stored_credentials(self._known)
        client = await self._async_prove(credentials)
        if isinstance(client, MinerError):
            return _key(client)
        try:
            return replace(credentials, session=await client.open_session(code))
        except MinerError as err:
            return _code_error(err)

    async def _async_prove(self, credentials: Credentials) -> MinerClient | MinerError:
        """Return a client that reads the entry's own miner with these credentials."""
        known = known_identity(self._known)
        endpoint = replace(
            endpoint_at(self._known, *self._asked), credentials=credentials
        )
        session = await async_get_session(self.hass)
        client = create_client(known.family, endpoint, session)
        try:
            seen = (await client.fetch()).identity
        except MinerError as err:
            return err
        if not async_is_ours(self.hass, known, seen):
            return MinerStrangerError(f"{seen.model} answers there")
        return client


def login_error(key: str) -> str:
    """Return the error of a login: a password is asked for though one was shown."""
    return "invalid_auth" if key == LOCKED else key


def _key(error: MinerError) -> str:
    if isinstance(error, MinerStrangerError):
        return "wrong_device"
    return error_key(error)


def _code_error(error: MinerError) -> str:
    if isinstance(error, MinerAuthError):
        return "invalid_code" if error.one_time_code else _key(error)
    if isinstance(error, MinerBusyError):
        return "code_locked"
    if isinstance(error, MinerCommandError | MinerResponseError):
        return "no_session"
    return _key(error)
