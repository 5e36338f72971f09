"""The tables, one file per subject."""

from models import charset as charset  # before the first table is made
from models.administrator import Administrator, AdministratorSession
from models.api_key import ApiKey, ApiKeySecret
from models.api_request import ApiHour, ApiRequest
from models.audit_entry import AuditEntry
from models.broadcast import Broadcast
from models.broadcast_part import BroadcastDraft, BroadcastPart, DraftPart
from models.gateway_switch import GatewaySwitch
from models.hook import Hook, HookDelivery
from models.idempotency import IdempotentAnswer
from models.incident import Incident
from models.invitation import Invitation
from models.limit_window import LimitWindow
from models.mail_brand import MailBrand, MailLogo
from models.message import Message
from models.message_try import MessageTry
from models.process import SeenProcess
from models.pumping import PrefixClosure, SafePrefix
from models.report import EarlyOutcome, EarlyReport, UnknownWord
from models.schedule import Lease, Schedule, ScheduleRun
from models.second_step import Authenticator, Passkey, PasskeyChallenge
from models.sign_in import RecoveryCode, SignIn, SignInStep
from models.status_callback import StatusCallback
from models.stored_gateway import StoredGateway
from models.suppression import Suppression
from models.template import Template, TemplateTitle, TemplateVersion
from models.test_number import TestNumber
from models.traffic import DeliveryHour, OwnerHour, RolledHour, TrafficHour
from models.verification import Verification
from models.verification_step import DefaultStep, VerificationStep
from models.webhook import Event, EventDelivery, Webhook

__all__ = [
    "Administrator",
    "AdministratorSession",
    "ApiHour",
    "ApiKey",
    "ApiKeySecret",
    "ApiRequest",
    "AuditEntry",
    "Authenticator",
    "Broadcast",
    "BroadcastDraft",
    "BroadcastPart",
    "DefaultStep",
    "DeliveryHour",
    "DraftPart",
    "EarlyOutcome",
    "EarlyReport",
    "Event",
    "EventDelivery",
    "GatewaySwitch",
    "Hook",
    "HookDelivery",
    "IdempotentAnswer",
    "Incident",
    "Invitation",
    "Lease",
    "LimitWindow",
    "MailBrand",
    "MailLogo",
    "Message",
    "MessageTry",
    "OwnerHour",
    "Passkey",
    "PasskeyChallenge",
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
    "StoredGateway",
    "Suppression",
    "Template",
    "TemplateTitle",
    "TemplateVersion",
    "TestNumber",
    "TrafficHour",
    "UnknownWord",
    "Verification",
    "VerificationStep",
    "Webhook",
]
