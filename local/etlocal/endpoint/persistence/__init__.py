"""What LocalStack's services know survives the end of the process.

Each service is saved as a whole, shortly after a request changed it, and loaded when it is first
used. Objects' bytes are in files from the moment they are written, and what S3 knows of them is in
a journal before the request is acknowledged. `service` puts it together; `blobs`, `folder`,
`journal`, `mutations` and `saver` know nothing of LocalStack.
"""
