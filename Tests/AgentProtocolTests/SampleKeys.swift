/// Keys as OpenSSL 3 and ssh-keygen wrote them, made for these tests and used nowhere else.
enum SampleKeys {
    static let ed25519Private = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VwBCIEIFt1E8e/J/tBHeePsXrFhoX8ua2ymrGw+bkdYI0Ej03c
        -----END PRIVATE KEY-----

        """

    static let ed25519Public = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VwAyEAb/Z90aV6ePwoaOtPIsEb5fDI8Hf+rKY/gsOOPfE2W9s=
        -----END PUBLIC KEY-----

        """

    static let x25519Private = """
        -----BEGIN PRIVATE KEY-----
        MC4CAQAwBQYDK2VuBCIEIHDKiX1t1dG+ckASj4QiLN0U9U0VLIGwXqrOWJu8tOl4
        -----END PRIVATE KEY-----

        """

    static let x25519Public = """
        -----BEGIN PUBLIC KEY-----
        MCowBQYDK2VuAyEAF7PKweHxuUnxLalzVjHy5ymz8pkp0jt9nA8UbJLMkyA=
        -----END PUBLIC KEY-----

        """

    static let ecPrivate = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgv+bMca3qHgAeIy5z
        qVEW4gcqOMtQ3BuoyriiU1yBZLuhRANCAAS6Wz8Tf6WxpwskeaNxX3YI7A889vgW
        rqhKoWCEwB1O/jOTh9JcrcU2mxwDGB6jENoVo+HCTOetPcOxwuLmvZJZ
        -----END PRIVATE KEY-----

        """

    static let ecTraditional = """
        -----BEGIN EC PRIVATE KEY-----
        MHcCAQEEIDXsFAYXlTSuTcOgHUuPE/ihboOqwJOJm80+r9OC3aftoAoGCCqGSM49
        AwEHoUQDQgAE4qZ0PbMN8oWFG+AiENjb0eIhDux2lx6NmtBHZOP+R/TOcMeAhu1H
        S24E0iKVmxLoNUysd3It83K0/xZexWmB6w==
        -----END EC PRIVATE KEY-----

        """

    static let ecPublic = """
        -----BEGIN PUBLIC KEY-----
        MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEuls/E3+lsacLJHmjcV92COwPPPb4
        Fq6oSqFghMAdTv4zk4fSXK3FNpscAxgeoxDaFaPhwkznrT3DscLi5r2SWQ==
        -----END PUBLIC KEY-----

        """

    static let rsaPublic = """
        -----BEGIN PUBLIC KEY-----
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDY+oLfuGlMxqRcsqZbdbrK2VIF
        rSjZb5PCNSN5lF0TEMnQrNHyqONHnsGDSJvz8ZwJjjcG24RX4occyFmXwELdVUk4
        7OUNf8OK540W7EObrTGZYVlpismOH/swFYnuUplMmCo5kThA/6Za6yiSf8tJlSVv
        5af4ms9CbZNQK99gSwIDAQAB
        -----END PUBLIC KEY-----

        """

    static let encrypted = """
        -----BEGIN ENCRYPTED PRIVATE KEY-----
        MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj0p1bLunmNqwICCAAw
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEENYyohcA9ky3QtDahi4eJ9kEQJyj
        7Cl+U4RLlWieAi0oq4AEBlFcjGhl08smGpFTIss7/BabauDwyPRspIHwAqRsSt42
        3jeFNW+/Tsq2zL3SZbg=
        -----END ENCRYPTED PRIVATE KEY-----

        """

    static let openSSH = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
        QyNTUxOQAAACAwO3mplBL8/NibNU8xipjzQUYgtM3Yqkv0uaBoXYEpRgAAAJBNnAXLTZwF
        ywAAAAtzc2gtZWQyNTUxOQAAACAwO3mplBL8/NibNU8xipjzQUYgtM3Yqkv0uaBoXYEpRg
        AAAEAliGJkpbbPpIC8KtgupCO74nuESP7P2pNx/smeF0dPUjA7eamUEvz82Js1TzGKmPNB
        RiC0zdiqS/S5oGhdgSlGAAAAB3Jvb3RAdm0BAgMEBQY=
        -----END OPENSSH PRIVATE KEY-----

        """
}
