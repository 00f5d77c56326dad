"""What LocalStack's services know survives the end of the process, however it ends.

Each service is saved as a whole, and loaded when it is first used. A request that changed it is
answered when a save that began after the change is done; many requests share one. What changes
often is in a journal before its request is answered: S3's metadata, SQS's messages, log events.
Objects' bytes are in files from the moment they are written, and events on their way are rows of
the outbox.
`service` puts it together; `blobs`, `folder`, `journal`, `mutations`, `outbox` and `saver` know
nothing of LocalStack.
"""
