"""The claims made for PowerLU, ExpoLU, ELU and RaLU: a ledger, and what decides each of them."""
