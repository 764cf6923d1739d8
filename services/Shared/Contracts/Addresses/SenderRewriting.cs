namespace Merpati.Addresses;

/// <summary>The form of addresses that the Sender Rewriting Scheme makes: <c>SRS0=…@forwarder</c> and <c>SRS1=…@forwarder</c>. Whether one is ours only the directory knows.</summary>
public static class SenderRewriting
{
    public static bool IsRewritten(EmailAddress address)
        => address.LocalPart.StartsWith("SRS0=", StringComparison.OrdinalIgnoreCase) || address.LocalPart.StartsWith("SRS1=", StringComparison.OrdinalIgnoreCase);
}
