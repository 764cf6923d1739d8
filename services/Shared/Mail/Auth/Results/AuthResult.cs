namespace Merpati.Mail.Auth;

/// <summary>The words of RFC 8601 §2.7 for the outcome of a method. Each method uses those that its RFC knows.</summary>
public enum AuthResult
{
    None,
    Pass,
    Fail,
    SoftFail,
    Neutral,
    Policy,
    TempError,
    PermError,
}

public static class AuthResultNames
{
    /// <summary>As it is written in DMARC records (RFC 7489 §6.3) and wherever it is told.</summary>
    public static string Name(this DmarcPolicy policy) => policy switch { DmarcPolicy.Reject => "reject", DmarcPolicy.Quarantine => "quarantine", _ => "none" };

    /// <summary>As it is written in header fields, metrics and reason codes.</summary>
    public static string Name(this AuthResult result) => result switch
    {
        AuthResult.None => "none",
        AuthResult.Pass => "pass",
        AuthResult.Fail => "fail",
        AuthResult.SoftFail => "softfail",
        AuthResult.Neutral => "neutral",
        AuthResult.Policy => "policy",
        AuthResult.TempError => "temperror",
        AuthResult.PermError => "permerror",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
