using Merpati.Mailboxes;

namespace Merpati.Mail;

/// <summary>THREAD=ORDEREDSUBJECT (RFC 5256 §3): one conversation for each base subject, all after the first message children of it.</summary>
internal static class OrderedSubjectThreads
{
    public static IReadOnlyList<ThreadPlace> Of(IReadOnlyList<ThreadedMessage> messages)
    {
        var places = new List<ThreadPlace>(messages.Count);
        var threads = messages
            .GroupBy(message => message.Subject.Text, StringComparer.Ordinal)
            .Select(thread => thread.OrderBy(message => message.Sent).ThenBy(message => message.Uid).ToList())
            .OrderBy(thread => thread[0].Sent).ThenBy(thread => thread[0].Uid);
        foreach (var thread in threads)
        {
            for (var i = 0; i < thread.Count; i++) places.Add(new ThreadPlace(thread[i].Uid, i == 0 ? 0 : 1));
        }
        return places;
    }
}
