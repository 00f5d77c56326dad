"""What our AWS services share: errors in AWS's shape, validation, ARNs, paging, state, clients."""
