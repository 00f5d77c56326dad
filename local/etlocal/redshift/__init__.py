"""Amazon Redshift: the Data API, Serverless and provisioned control planes, SQL, COPY and UNLOAD.

`SERVICES` is what an adapter plugs in: ``redshift-data``, ``redshift-serverless``, ``redshift``.
They are started and stopped in this order: statements end before their databases close.
"""

from etlocal.aws.operations import Service
from etlocal.redshift.data.service import SERVICE as DATA
from etlocal.redshift.provisioned.service import SERVICE as PROVISIONED
from etlocal.redshift.serverless.service import SERVICE as SERVERLESS

SERVICES: list[Service] = [DATA, SERVERLESS, PROVISIONED]
