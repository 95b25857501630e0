"""The rules of the recipe check, by subject. `resnet.ablation.lint` puts them together."""
