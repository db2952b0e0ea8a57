-- As migration 0008 of the ledger in the folder: the certificate that a key is bound to.
CREATE TABLE key_certificates (
    access_key BIGINT PRIMARY KEY REFERENCES access_keys (access_key),
    certificate TEXT NOT NULL CHECK (length(certificate) = 64)
);

CREATE TRIGGER certificates_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON key_certificates
    FOR EACH STATEMENT EXECUTE FUNCTION rows_are_only_added();
