"""Which rows do not belong: scores, their calibration, reasons, and whom deletion would hit."""
