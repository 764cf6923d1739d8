namespace Merpati.Administration;

/// <summary>How much the classifier has learned.</summary>
/// <param name="Trained">It gives scores.</param>
/// <param name="Needed">Messages of each kind that it needs for that.</param>
public sealed record ClassifierView(bool Trained, int Junk, int Good, int Needed, int Words, int MaxWords);

/// <param name="Learned">False when it knew the message as that already.</param>
public sealed record LessonView(bool Learned);

/// <param name="Learned">Those that it did not know yet.</param>
public sealed record TrainingView(int Messages, int Learned);
