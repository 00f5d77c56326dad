-- The whole dimension, replaced in one transaction: run again, it has the file's rows once.
DELETE FROM airlines.dim_airport_codes;

COPY airlines.dim_airport_codes (airport_id, city, state, name)
FROM 's3://${AssetsBucketName}/seed_data/airports.csv'
IAM_ROLE '${RedshiftRoleArn}'
FORMAT AS CSV
IGNOREHEADER 1;
