-- A key may be bound to the certificate of its holder's program: whoever uses it has to show that certificate too. A table of its
-- own, so that no row which is sealed changes. Rows are only ever added.
CREATE TABLE key_certificates (
    access_key INTEGER PRIMARY KEY REFERENCES access_keys (access_key),
    certificate TEXT NOT NULL CHECK (length(certificate) = 64)
) STRICT;

CREATE TRIGGER certificates_stay BEFORE UPDATE ON key_certificates BEGIN SELECT raise(ABORT, 'certificates are only added'); END;
CREATE TRIGGER certificates_are_kept BEFORE DELETE ON key_certificates BEGIN SELECT raise(ABORT, 'certificates are only added'); END;
