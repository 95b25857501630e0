"""The pages of ResNet Lab. A package with this file is found before a folder called `app` that
happens to lie about."""
