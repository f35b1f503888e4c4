"""The codes by which Twilio refuses, as its error pages name them."""

from __future__ import annotations

from typing import Final

ERRORS: Final = {
    20001: "Unknown or invalid parameter",
    20003: "Authenticate",
    20004: "Method not allowed",
    20009: "Cannot delete or redact this resource before it is complete",
    20404: "The requested resource was not found",
    20429: "Too many requests",
    20500: "Internal Server Error",
    21201: "No 'To' number is specified",
    21205: "Url is not a valid URL",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid 'From' Number",
    21213: "'From' phone number is required",
    21217: "Phone number does not appear to be valid",
    21218: "Invalid 'ApplicationSid'",
    21220: "Call is not in-progress. Cannot redirect.",
    21408: "Permission to send an SMS has not been enabled for the region indicated by the 'To'"
    " number",
    21602: "Message body is required",
    21603: "A 'From' phone number or a 'MessagingServiceSid' is required",
    21604: "A 'To' phone number is required",
    21606: "The 'From' phone number provided is not a valid message-capable Twilio phone number",
    21609: "The 'StatusCallback' URL is not valid",
    21610: "Attempt to send to unsubscribed recipient",
    21612: "Message cannot be sent with the current combination of 'To' and 'From' parameters",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21620: "Invalid media URL(s)",
    21623: "Number of media files exceeds allowed limit",
    21624: "The 'ValidityPeriod' must be an integer between 1 and 36000",
    21655: "The ContentSid is Invalid",
    21656: "The ContentVariables Parameter is invalid",
    21701: "The Messaging Service does not exist",
    21910: "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel",
    30409: "This message cannot be canceled",
    35114: "Scheduling does not support this timestamp",
    35118: "MessagingServiceSid is required to schedule a message",
}
