"""How requests are signed: Alibaba Cloud, Amazon, Tencent Cloud, Standard Webhooks."""
