using Merpati.Mail;
using Merpati.Mailboxes;

namespace Merpati.Delivery.Mailboxes;

/// <summary>
/// What searches ask most of the messages of one mailbox, and what never changes of them: sizes, dates, and the texts of the usual header fields. In columns, some 200 octets a message.
/// Messages come at the end; those that were expunged keep their place and are passed over. Not thread-safe; a <see cref="View"/> is.
/// </summary>
internal sealed class MailboxColumns
{
    public const int NoDate = int.MinValue;

    // An expunged message costs as much as one that is there.
    private const int FewPlaces = 1000;

    private readonly TextColumn _subject = new();
    private readonly TextColumn _from = new();
    private readonly TextColumn _to = new();
    private readonly TextColumn _cc = new();
    private readonly TextColumn _bcc = new();
    private readonly TextColumn _messageId = new();
    private Uid[] _uids = new Uid[64];
    private Place[] _places = new Place[64];
    private bool[] _gone = [];
    private int _goneCount;
    private int _count;

    /// <summary>The mailbox as it was at this MODSEQ.</summary>
    public ModSeq AsOf { get; set; }

    /// <summary>Where messages go on.</summary>
    public Uid Next { get; set; } = new(1);

    public long Octets => _subject.Octets + _from.Octets + _to.Octets + _cc.Octets + _bcc.Octets + _messageId.Octets + _uids.Length * (sizeof(uint) + 40L);

    /// <summary>It is time to begin anew.</summary>
    public bool IsSparse => _goneCount > FewPlaces && _goneCount > _count / 2;

    public void Add(MessageInfo message)
    {
        if (_count == _uids.Length)
        {
            Array.Resize(ref _uids, _count * 2);
            Array.Resize(ref _places, _count * 2);
        }
        var envelope = message.Structure.Envelope;
        _subject.Add(EnvelopeText.Of(envelope.Subject));
        _from.Add(EnvelopeText.Of(envelope.From));
        _to.Add(EnvelopeText.Of(envelope.To));
        _cc.Add(EnvelopeText.Of(envelope.Cc));
        _bcc.Add(EnvelopeText.Of(envelope.Bcc));
        _messageId.Add(EnvelopeText.Of(envelope.MessageId));
        _uids[_count] = message.Uid;
        _places[_count++] = new Place(
            message.Size, message.InternalDate.UtcTicks, DayOf(message.InternalDate), DayOf(message.SaveDate.ToUniversalTime()), message.Structure.SentDate is { } sent ? DayOf(sent) : NoDate);
    }

    public void Remove(UidSet expunged)
    {
        // A view that was given out goes on with the array it has.
        var gone = new bool[_count];
        _gone.CopyTo(gone, 0);
        foreach (var range in expunged)
        {
            var place = Array.BinarySearch(_uids, 0, _count, range.First);
            for (place = place < 0 ? ~place : place; place < _count && _uids[place] <= range.Last; place++)
            {
                if (!gone[place]) _goneCount++;
                gone[place] = true;
            }
        }
        _gone = gone;
    }

    public View Take() => new(_uids, _places, _count, _gone, _subject.Take(), _from.Take(), _to.Take(), _cc.Take(), _bcc.Take(), _messageId.Take());

    /// <summary>The date as written, without regard to time and zone.</summary>
    private static int DayOf(DateTimeOffset moment) => DateOnly.FromDateTime(moment.DateTime).DayNumber;

    /// <param name="InternalDay">In its own zone.</param>
    /// <param name="SavedDay">In UTC.</param>
    internal readonly record struct Place(long Size, long InternalTicks, int InternalDay, int SavedDay, int SentDay);

    /// <summary>The columns as they were when it was taken.</summary>
    internal sealed class View(
        Uid[] uids, Place[] places, int count, bool[] gone, TextColumn.View subject, TextColumn.View from, TextColumn.View to, TextColumn.View cc, TextColumn.View bcc, TextColumn.View messageId)
    {
        public ReadOnlyMemory<Uid> Uids => uids.AsMemory(0, count);

        public bool IsGone(int place) => place < gone.Length && gone[place];

        /// <summary>Null where the columns do not tell.</summary>
        public Answers? Find(SearchCriteria criteria) => criteria switch
        {
            SearchCriteria.Larger larger => Each(place => place.Size > larger.Octets),
            SearchCriteria.Smaller smaller => Each(place => place.Size < smaller.Octets),
            SearchCriteria.Internal dates => Each(place => IsWithin(place.InternalDay, dates.From, dates.To)),
            SearchCriteria.Sent dates => Each(place => place.SentDay != NoDate && IsWithin(place.SentDay, dates.From, dates.To)),
            SearchCriteria.Saved dates => Each(place => IsWithin(place.SavedDay, dates.From, dates.To)),
            SearchCriteria.Received moments => Each(place => (moments.From is not { } first || place.InternalTicks >= first.UtcTicks) && (moments.Until is not { } last || place.InternalTicks <= last.UtcTicks)),
            SearchCriteria.Header header when EnvelopeText.CanAnswer(header) => ColumnOf(header.Field)?.Find(header.Text),
            _ => null,
        };

        private TextColumn.View? ColumnOf(string field) => field.ToUpperInvariant() switch
        {
            "SUBJECT" => subject,
            "FROM" => from,
            "TO" => to,
            "CC" => cc,
            "BCC" => bcc,
            "MESSAGE-ID" => messageId,
            _ => null,
        };

        private Answers Each(Func<Place, bool> matches) => Answers.Of(count, place => matches(places[place]));

        private static bool IsWithin(int day, DateOnly? from, DateOnly? to) => (from is null || day >= from.Value.DayNumber) && (to is null || day < to.Value.DayNumber);
    }
}
