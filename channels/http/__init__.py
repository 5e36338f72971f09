"""What gateways over HTTP share, and the gateway for any provider that takes one POST."""
