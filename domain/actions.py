"""What the audit trail records: every kind of change that people make."""

from enum import StrEnum


class Action(StrEnum):
    """One kind of change; the part before the dot says what it is about."""

    SCHEDULE_ADDED = "schedule.added"
    SCHEDULE_EDITED = "schedule.edited"
    SCHEDULE_RESUMED = "schedule.resumed"
    SCHEDULE_PAUSED = "schedule.paused"
    SCHEDULE_RUN = "schedule.run"
    SCHEDULE_REMOVED = "schedule.removed"
    KEY_ADDED = "key.added"
    KEY_EDITED = "key.edited"
    KEY_ROTATED = "key.rotated"
    KEY_SECRET_ENDED = "key.secret_ended"  # noqa: S105 - no password
    KEY_REVOKED = "key.revoked"
    TWILIO_TOKEN_MADE = "key.twilio_token_made"  # noqa: S105 - no password
    ADMINISTRATOR_ADDED = "administrator.added"
    ROLE_CHANGED = "administrator.role_changed"
    ADMINISTRATOR_DISABLED = "administrator.disabled"
    ADMINISTRATOR_ENABLED = "administrator.enabled"
    SESSIONS_ENDED = "administrator.sessions_ended"
    PASSWORD_RESET = "administrator.password_reset"  # noqa: S105 - no password
    EMAIL_CHANGED = "account.email_changed"
    PHONE_BOUND = "account.phone_bound"
    OWN_SESSIONS_ENDED = "account.sessions_ended"
    ZONE_CHANGED = "account.zone_changed"
    LANGUAGE_CHANGED = "account.language_changed"
    PASSWORD_CHANGED = "account.password_changed"  # noqa: S105 - no password
    SECOND_FACTOR_ON = "account.second_factor_on"
    SECOND_FACTOR_OFF = "account.second_factor_off"
    RECOVERY_CODES_MADE = "account.recovery_codes_made"
    RECOVERY_CODE_USED = "account.recovery_code_used"
    INVITED = "administrator.invited"
    INVITATION_RESENT = "administrator.invitation_resent"
    INVITATION_WITHDRAWN = "administrator.invitation_withdrawn"
    INVITATION_ACCEPTED = "administrator.invitation_accepted"
    SECOND_FACTOR_RESET = "administrator.second_factor_reset"
    SUPPRESSION_ADDED = "suppression.added"
    SUPPRESSION_REMOVED = "suppression.removed"
    SUPPRESSIONS_EXPORTED = "suppression.exported"
    TEMPLATE_SAVED = "template.saved"
    TEMPLATE_PUBLISHED = "template.published"
    TEMPLATE_WITHDRAWN = "template.withdrawn"
    TEMPLATE_DISCARDED = "template.discarded"
    TEMPLATE_TESTED = "template.tested"
    GATEWAY_SWITCHED_OFF = "gateway.switched_off"
    GATEWAY_SWITCHED_ON = "gateway.switched_on"
    GATEWAY_WEIGHT_SET = "gateway.weight_set"
    GATEWAY_TESTED = "gateway.tested"
    MESSAGE_RESENT = "message.resent"
    MESSAGE_CANCELED = "message.canceled"
    MESSAGES_RESENT = "message.resent_in_bulk"
    MESSAGES_CANCELED = "message.canceled_in_bulk"
    MESSAGE_DESTINATIONS_SHOWN = "message.destinations_shown"
    MESSAGES_EXPORTED = "message.exported"
    BROADCAST_PAUSED = "broadcast.paused"
    BROADCAST_RESUMED = "broadcast.resumed"
    BROADCAST_CANCELED = "broadcast.canceled"
    VERIFICATION_RESENT = "verification.resent"
    VERIFICATION_CANCELED = "verification.canceled"
    VERIFICATIONS_CANCELED = "verification.canceled_in_bulk"
    VERIFICATION_DESTINATIONS_SHOWN = "verification.destinations_shown"
    VERIFICATIONS_EXPORTED = "verification.exported"
    PREFIX_OPENED = "guard.prefix_opened"
    SAFE_PREFIX_ADDED = "guard.safe_added"
    SAFE_PREFIX_REMOVED = "guard.safe_removed"

    PURGED = "retention.purged"

    @property
    def about(self) -> str:
        """The kind of thing that is changed, such as `schedule`, `key` or `gateway`."""
        return self.partition(".")[0]
