"""Reading data: compression, formats, schemas, partitions. Knows nothing of operations."""
