"""What people hear or read instead of an answer that failed or came too late."""

TIMEOUT_MESSAGE = "Sorry, I could not work that out in time. Please ask me again."
FAILURE_MESSAGE = "Sorry, something went wrong on our side while I worked on that. Please ask me again."
