"""The recipe check: rules by subject. `resnet.checks.rules` applies them."""
