"""All questions asked at once: measurements, findings, verdict."""
