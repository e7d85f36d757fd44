"""notify: tell somebody, by the run's log, syslog, mail or HTTP."""

from __future__ import annotations

from svmrun.adapters import fields
from svmrun.adapters.base import Adapter, Arguments


class Notify(Adapter):
    """Performed by the runner itself, on its own host. Result: `{"sent": true | false, "to", "error"}`.

    A message that could not be sent fails the step only with `required: true`: a dead mail server is no reason to
    undo a backup.
    """

    name = "notify"
    summary = "Send a message: to the run's log, syslog, by mail or HTTP"
    performer = "notice"
    timeout_seconds = 30.0
    schema = fields.arguments(
        {
            "to": fields.choice(
                "To",
                "A file in the run's folder, syslog, mail by the system's sendmail, or an HTTP request.",
                ["log", "syslog", "mail", "http"],
                default="log",
            ),
            "message": fields.text("Message", "What to say.", ["Backup of schost-1/d0 begins"], minLength=1),
            "subject": fields.text("Subject", "The mail's subject.", ["Backup of schost-1/d0"], default="svmrun"),
            "recipients": fields.texts(
                "Recipients",
                "Who gets the mail.",
                [["storage@example.com"]],
                items={"type": "string", "pattern": "^[^-\\s]\\S*$"},
            ),
            "severity": fields.choice(
                "Severity", "How syslog ranks it.", ["info", "notice", "warning", "error"], default="notice"
            ),
            "url": fields.text(
                "URL", "Where the request goes.", ["https://hooks.example.com/backup"], pattern="^https?://"
            ),
            "method": fields.choice("Method", "The request's method.", ["POST", "PUT"], default="POST"),
            "headers": {
                "type": "object",
                "title": "Headers",
                "description": "Further headers of the request.",
                "examples": [{"Authorization": "Bearer {{ token }}"}],
                "additionalProperties": {"type": "string"},
                "default": {},
            },
            "body": {
                "title": "Body",
                "description": "The request's body: a text as it is, anything else as JSON. Without it a JSON object "
                "with `subject` and `message`.",
                "examples": [{"text": "Backup begins"}],
            },
            "program": fields.path(
                "Mail program",
                "The program that takes the mail as `sendmail -oi -t` does. The system's own when left out.",
                ["/usr/lib/sendmail"],
            ),
            "required": fields.flag("Required", "Fail the step when the message cannot be sent.", default=False),
        },
        required=["message"],
    )

    def repeatable(self, arguments: Arguments) -> bool:
        return True

    def check(self, arguments: Arguments) -> None:
        """Where the message goes must be told."""
        if arguments["to"] == "mail" and not arguments.get("recipients"):
            raise ValueError("notify: `to: mail` needs `recipients`")
        if arguments["to"] == "http" and not arguments.get("url"):
            raise ValueError("notify: `to: http` needs a `url`")
