"""Who a reporter is: names, addresses and tokens become fingerprints."""
