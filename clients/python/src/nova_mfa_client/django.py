"""Django decorators (extra ``django``)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Optional, TypeVar, cast

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, JsonResponse

from . import bearer
from .errors import TokenError
from .verifier import AccessToken, TokenVerifier

View = TypeVar("View", bound=Callable[..., Any])


def require_mfa(verifier: TokenVerifier, *, max_age: Optional[int] = None) -> Callable[[View], View]:
    """Returns a decorator that requires a second factor, within ``max_age`` seconds if that is given.

    The view finds the token with :func:`access_token`. For a class use ``method_decorator(…, name="dispatch")``. The
    view is exempt from nothing: a view for other origins or apps also needs ``csrf_exempt``.
    """
    return _decorator(lambda token: verifier.require_mfa(token, max_age=max_age))


def require_token(verifier: TokenVerifier) -> Callable[[View], View]:
    """Returns a decorator that requires an access token, also one with a single factor."""
    return _decorator(verifier.verify)


def access_token(request: HttpRequest) -> AccessToken:
    """Returns the verified token of a request to a decorated view."""
    token = getattr(request, "nova_mfa", None)
    if not isinstance(token, AccessToken):
        raise RuntimeError("the view has no decorator of nova_mfa_client.django")
    return token


def _decorator(verify: Callable[[str], AccessToken]) -> Callable[[View], View]:
    def check(request: HttpRequest) -> Optional[HttpResponse]:
        header = request.META.get("HTTP_AUTHORIZATION")
        try:
            # Servers join repeated headers with a comma, which no token has.
            token = verify(bearer.token([] if header is None else [header]))
        except TokenError as error:
            return _response(error)
        setattr(request, "nova_mfa", token)
        return None

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def guarded_async(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
                # Reading the public keys must not block the event loop.
                rejected = await sync_to_async(check, thread_sensitive=False)(request)
                return await view(request, *args, **kwargs) if rejected is None else rejected

            return cast(View, guarded_async)

        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            rejected = check(request)
            return view(request, *args, **kwargs) if rejected is None else rejected

        return cast(View, guarded)

    return decorate


def _response(error: TokenError) -> HttpResponse:
    document = {
        "type": f"urn:nova-mfa:problem:{error.code}",
        "title": type(error).__name__,
        "status": error.status,
        "detail": str(error),
        "code": error.code,
    }
    return JsonResponse(
        document, status=error.status, headers=bearer.headers(error), content_type="application/problem+json"
    )
