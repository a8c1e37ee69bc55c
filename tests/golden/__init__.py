"""Histories as earlier versions wrote them: whatever is stored must stay readable."""
