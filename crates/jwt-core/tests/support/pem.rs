//! Keys that OpenSSL generated for these tests. They are used nowhere else.

#![allow(dead_code)]

pub(crate) const ED25519_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MC4CAQAwBQYDK2VwBCIEINyaDFengli1rm9GR/bzFzpzH4dsG1uaDoQMzFmwbHay\n\
    -----END PRIVATE KEY-----";

pub(crate) const ED25519_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MCowBQYDK2VwAyEAv5MbGkZy1kt3rSGzTBnZ1oxvr1j7cuBRgA3VSfkOeds=\n\
    -----END PUBLIC KEY-----";

pub(crate) const P256_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMdpld0eSD59s2ydJ\n\
    9kATpdHb6NzQADv1pVcf3IlOKvuhRANCAARLZN56FG5M3pxAnf3Klae0EgsGUF7R\n\
    +G/MKbr1K3e2qfmsS3i+pTs/zoTW7EspMbYo4HX47ZQNYT7vN9wqoLSH\n\
    -----END PRIVATE KEY-----";

pub(crate) const P256_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAES2TeehRuTN6cQJ39ypWntBILBlBe\n\
    0fhvzCm69St3tqn5rEt4vqU7P86E1uxLKTG2KOB1+O2UDWE+7zfcKqC0hw==\n\
    -----END PUBLIC KEY-----";

pub(crate) const P384_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDA2lNImZGO9qj4DWHyj\n\
    Lk7n+9PTyiTXj/hWtGiyoPsZcldfwUuUmQ5kNFHibb6J3VihZANiAASFoZQTYDPR\n\
    OIxmBZsb2PCjtner5156s7J2S9g0A2yeVewbZNmcuiSuYfHSBiLljPqmWnoiwVT6\n\
    8Ia085KisZSAhYC4igNuDMZMHl7YEUL2XvKeqp12RjIrv816fjDFeec=\n\
    -----END PRIVATE KEY-----";

pub(crate) const P384_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEhaGUE2Az0TiMZgWbG9jwo7Z3q+deerOy\n\
    dkvYNANsnlXsG2TZnLokrmHx0gYi5Yz6plp6IsFU+vCGtPOSorGUgIWAuIoDbgzG\n\
    TB5e2BFC9l7ynqqddkYyK7/Nen4wxXnn\n\
    -----END PUBLIC KEY-----";

pub(crate) const RSA_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQDJJl0euf9XR6VO\n\
    aJwnTtkXXZGhnnwenVJ5UQ3ftZbYaVLcAlsWdeT7IFPOD1y46blV/qPj21Vg+C9U\n\
    k3aLmy5BguOf2HwneZpTQZTjTuMabblLsJQv3aJHoZT+zIjdJLaA6dtPi6GYrGq2\n\
    6VIH3gzS6ImSqX7/IjpmwDXiJoblQcV91RpgS6v/6py8hCPKhWWYj7z935ZXR+S8\n\
    7VHBGdDcL8jXGN7qM4wvpIxxWic9Onzv2ebcRysxrGGQ1GiHNDvwsJOBiRKTUa43\n\
    bKVHWGT70CHQi8UQ3HQFNbTbyR1vvYcfh+ZfyDaeF6ASJ2jI/f7O5tf1Uk/uYl98\n\
    KNAioM6tAgMBAAECggEADxlEGs8CAv6BGAueJ7fcGnbkPD914vkS0cHAdYRfQvX/\n\
    nugbsj895Y5y+/Vck7y83rRIf7gHsUmv3nywhKDXWK+HKokeI1BrbHMbG/I19daP\n\
    9sXVub9nM6fwqSztMRGqaVl5ztS/rS10AoWCVM4uzui0Ouq3elXgEF++gQU8pu9Q\n\
    1/Tzkv0oDmiPhZRfOln0lSyPDbCR+5s9dg8GCqhvRLXSlFCCIE2i76R4dOaYIVgs\n\
    YwlJBcq2DT0YKrQou6SElaPQLy/Ogmgw944CFPuH+32VOALVGg4i6YBOe2eM28eg\n\
    fAu5+bVSfPiNEKZqlkHUn1bgcnurEDwx3gQ+K7F2QQKBgQDsWUr+FQkLwUwHLs+m\n\
    KkGj8uXB3Pc0TK3IQPw9G1biYRgWceYW9MIe5eMoqU6ePJySDu2DQfO4g7flS0gi\n\
    tc4Hphu2gQ2xMfria63RdbVVI7t/fFKlkJrE6bRJ+WtiKRrkXx6xwhrA1sxYf2Pe\n\
    I2PLn+WZ+taNL2UsLiCIcxfFxQKBgQDZ39ug/3zAdl+wd9G6yXQAI9FhZAYQBJI3\n\
    D5HydOxtpAIevAw/tizg2n2yz2ooqbrLzNGImVVvATGBup65WytsI5DZGVKY4MPM\n\
    rSovxfctUI63emriZSGubrSXM8n+r0dp+eLoWvb25AkDlPEZPCYAeIukzqj9RzuJ\n\
    2lwodxvbyQKBgHfHBO9hP7VaX6pgOdHPJnbs+S1XS1yQ451R+cMKIO0XIbr2PBI0\n\
    NlCsVoPb0cD1nK+Uqx/TA63l6wNkNImKs4BC2VaTbpn3Z1rqESvOyHf+ZN5F5iiL\n\
    8TOL8NdwdNBJXpyP7CFP6nkCIotS/AyuyLuALD7t1V+1vkM2mTwtf8W1AoGAR1zV\n\
    eWR1niynpwt3/LBjeHBC8p1qhvCYW8STz1CQ6FCiCSMa9/tZs8SdC2Z4pR0C/CH4\n\
    N7/RhexkJNPVjWzZSjBUD2gF7+EfAPlvKfqzvXn3ZQ2J2OG7KIFGUYg7D1qmD4Yz\n\
    1luFLNUARtYQKm3THLBfPPoby+n7DGojaXWqAFECgYEAgL8MmyiX5OyQFFY7+c21\n\
    6TPMgPv4mllBzXcQaE3yWfugeXv1hrPuNeAWZMoRtmnWiqB3WVXvFyZcnzO26Jed\n\
    AvD/qhUvXY9kUuiz6qvVZOoe8PaKI4Xc2BSPBu+1X8k+YTJY+IE+IOUso9Tn6RNT\n\
    ttxkNDBlYH2dMWBlBrduu/w=\n\
    -----END PRIVATE KEY-----";

pub(crate) const RSA_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAySZdHrn/V0elTmicJ07Z\n\
    F12RoZ58Hp1SeVEN37WW2GlS3AJbFnXk+yBTzg9cuOm5Vf6j49tVYPgvVJN2i5su\n\
    QYLjn9h8J3maU0GU407jGm25S7CUL92iR6GU/syI3SS2gOnbT4uhmKxqtulSB94M\n\
    0uiJkql+/yI6ZsA14iaG5UHFfdUaYEur/+qcvIQjyoVlmI+8/d+WV0fkvO1RwRnQ\n\
    3C/I1xje6jOML6SMcVonPTp879nm3EcrMaxhkNRohzQ78LCTgYkSk1GuN2ylR1hk\n\
    +9Ah0IvFENx0BTW028kdb72HH4fmX8g2nhegEidoyP3+zubX9VJP7mJffCjQIqDO\n\
    rQIDAQAB\n\
    -----END PUBLIC KEY-----";

pub(crate) const RSA_1024_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
    MIICeAIBADANBgkqhkiG9w0BAQEFAASCAmIwggJeAgEAAoGBAO5BQjY+eNTt2I7l\n\
    oYoB/lXiGPDq32CAMPnqnPTnVJMOTbII8sJXTrIJDp5fVLc5Sq+WeLtZlxDqU65g\n\
    6HN3/X8YfkNE7m/k3U17ex0d8LYfSxcUSjhO11G3IvD4TkGbhJEVNI+FjBC0OnV1\n\
    5hpj0gGrPVU1rPxDMG6r5mNUo0obAgMBAAECgYEA01/kPTm5e7c0HLrPUSApo8o+\n\
    tGa8HOI+EUs7Su99EiZredsEfLR2pe7xIEKVZySWBSerHxQBuUkbSqbBM8gthYFR\n\
    W2hQuzGAqgBMLl2WmUuqPYHojfgeKBsidMX50DxHfVoXi3uji75zp9GQiCEiI7D2\n\
    BILloX9SuwcSJudi32ECQQD63Fj8FWP1cd57UaOgG6qT3R3ckNOPOJIHuDpkOq3L\n\
    mwN9c6g+W7ol0gHZ88qpc8GUT838mZaFkRGlB+do0DprAkEA8yLMlpOhz2ky93zH\n\
    lmM2SYYoeCbwbcKYtGllqeq3mm04XND2ewml1wmARWM8JAvZox0/5C6eeifBi/k2\n\
    47p7EQJBAM+SjD7qJC/v7Lv1rYLJ4bc/+3mKjMOxd4PTuN0+gJg8yAKCNPCETd8F\n\
    imqiA0t7cO4bqsIdBCO5CfSYOa7MvckCQQDyA/qoC+4uOiYMab11+e2oxAz2hLQg\n\
    XWqJcrxKpaP66KsI4MvobxMP+Jog94V+z/jkP5JAfRMsvvQOc5RqnE4xAkBEAY3q\n\
    dV3KeKlbVR48HIYNQNgaf9s04gQLRDQV2/xZ4uyLiV7zH+rHo4uS2JBNKEzMDf/r\n\
    PHvYPtrrRBGbOY8m\n\
    -----END PRIVATE KEY-----";

pub(crate) const RSA_1024_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
    MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDuQUI2PnjU7diO5aGKAf5V4hjw\n\
    6t9ggDD56pz051STDk2yCPLCV06yCQ6eX1S3OUqvlni7WZcQ6lOuYOhzd/1/GH5D\n\
    RO5v5N1Ne3sdHfC2H0sXFEo4TtdRtyLw+E5Bm4SRFTSPhYwQtDp1deYaY9IBqz1V\n\
    Naz8QzBuq+ZjVKNKGwIDAQAB\n\
    -----END PUBLIC KEY-----";
