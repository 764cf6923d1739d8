using System.Globalization;

namespace Merpati.Storage;

/// <summary>A moment in the value of a shared record: ticks in UTC, as digits.</summary>
public static class RecordedTime
{
    public static string Write(DateTimeOffset at) => at.UtcTicks.ToString(CultureInfo.InvariantCulture);

    /// <summary>Null for what a later version has written in another form.</summary>
    public static DateTimeOffset? Read(string text)
        => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var ticks) && ticks <= DateTime.MaxValue.Ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
}
