using Merpati.Timeline;

namespace Merpati.Storage;

/// <summary>What a message is found by, in one form: no blanks and angle brackets around it, lower case.</summary>
public static class SearchKey
{
    public static string Of(string messageIdOrAddress) => messageIdOrAddress.Trim().TrimStart('<').TrimEnd('>').ToLowerInvariant();

    /// <summary>Message-ID, sender and recipients, each once; the null reverse-path is nobody's.</summary>
    public static IEnumerable<string> OfSubject(TimelineSubject subject)
        => subject.Recipients.Prepend(subject.ReversePath).Prepend(subject.MessageId ?? "").Select(Of).Where(key => key.Length > 0).Distinct(StringComparer.Ordinal);
}
