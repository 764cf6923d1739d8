using Merpati.Mailboxes.V1;
using Merpati.Relaying;
using Merpati.Rpc.Queueing;
using Wire = Merpati.Accounts.V1;

namespace Merpati.Rpc.Accounts;

/// <summary>Between <see cref="Suppression"/> and its message.</summary>
internal static class SuppressionConversions
{
    public static Wire.Suppression ToWire(this Suppression suppression) => new()
    {
        Pattern = suppression.Pattern,
        Source = suppression.Source switch
        {
            SuppressionSource.Bounce => Wire.SuppressionSource.Bounce,
            SuppressionSource.Complaint => Wire.SuppressionSource.Complaint,
            _ => Wire.SuppressionSource.Person,
        },
        Reason = suppression.Reason,
        Since = suppression.Since.ToTimestamp(),
        Until = suppression.Until?.ToTimestamp(),
    };

    public static Suppression ToContract(this Wire.Suppression? suppression) => suppression is { Pattern.Length: > 0 }
        ? new Suppression(suppression.Pattern, Source(suppression.Source), suppression.Reason, suppression.Since.ToContract(), suppression.Until?.ToContract())
        : throw new WireFormatException("A suppression has a pattern.");

    private static SuppressionSource Source(Wire.SuppressionSource source) => source switch
    {
        Wire.SuppressionSource.Person => SuppressionSource.Person,
        Wire.SuppressionSource.Bounce => SuppressionSource.Bounce,
        Wire.SuppressionSource.Complaint => SuppressionSource.Complaint,
        _ => throw new WireFormatException($"{source} puts no address on the list."),
    };
}
