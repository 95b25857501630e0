"""The recipe check: rules by subject. `resnet.checks.check` applies them."""
