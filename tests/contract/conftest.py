from tests.cloud_servers import azure_address, gcs_address
from tests.s3_server import s3_address, s3_process, s3_proxy, s3_server

__all__ = ["azure_address", "gcs_address", "s3_address", "s3_process", "s3_proxy", "s3_server"]
