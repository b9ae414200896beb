"""Why a signature failed: the common mistake that explains it, and the fix."""
