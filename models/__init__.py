"""The tables, one file per subject."""

from models import charset as charset  # before the first table is made
from models.administrator import Administrator, AdministratorSession
from models.api_key import ApiKey, ApiKeySecret
from models.audit_entry import AuditEntry
from models.broadcast import Broadcast
from models.gateway_switch import GatewaySwitch
from models.hook import Hook, HookDelivery
from models.idempotency import IdempotentAnswer
from models.invitation import Invitation
from models.limit_window import LimitWindow
from models.message import Message
from models.message_try import MessageTry
from models.process import SeenProcess
from models.pumping import PrefixClosure, SafePrefix
from models.schedule import Lease, Schedule, ScheduleRun
from models.sign_in import RecoveryCode, SignIn, SignInStep
from models.status_callback import StatusCallback
from models.suppression import Suppression
from models.template import Template, TemplateVersion
from models.traffic import DeliveryHour, OwnerHour, RolledHour, TrafficHour
from models.verification import Verification
from models.webhook import Event, EventDelivery, Webhook

__all__ = [
    "Administrator",
    "AdministratorSession",
    "ApiKey",
    "ApiKeySecret",
    "AuditEntry",
    "Broadcast",
    "DeliveryHour",
    "Event",
    "EventDelivery",
    "GatewaySwitch",
    "Hook",
    "HookDelivery",
    "IdempotentAnswer",
    "Invitation",
    "Lease",
    "LimitWindow",
    "Message",
    "MessageTry",
    "OwnerHour",
    "PrefixClosure",
    "RecoveryCode",
    "RolledHour",
    "SafePrefix",
    "Schedule",
    "ScheduleRun",
    "SeenProcess",
    "SignIn",
    "SignInStep",
    "StatusCallback",
    "Suppression",
    "Template",
    "TemplateVersion",
    "TrafficHour",
    "Verification",
    "Webhook",
]
