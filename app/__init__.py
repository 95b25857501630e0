"""The pages of ResNet Lab. Because of this file, Python finds this package before any other folder
named `app`."""
