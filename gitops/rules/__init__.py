"""What admission webhooks and controllers demand that no schema states, what references need, and what policies ask for."""
