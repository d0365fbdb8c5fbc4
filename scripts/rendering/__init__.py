"""From specs and templates to what is deployed: definitions, the CloudFormation template, the Lambda zip."""
